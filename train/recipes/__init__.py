"""The recipes, one file each. Nothing is imported here before a recipe is asked for."""

import importlib

from edgeproof.train.errors import UnknownRecipe
from edgeproof.train.recipe import Recipe

RECIPES = ("digits", "mnist", "cifar10", "malaria", "folder")


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UnknownRecipe: there is none; the nearest is suggested.
    """
    if name not in RECIPES:
        raise UnknownRecipe(name, list(RECIPES))
    recipe: Recipe = importlib.import_module(f"edgeproof.train.recipes.{name}").RECIPE
    return recipe
