"""The recipes, one file each. Nothing is imported here before a recipe is asked for."""

import importlib

from edgeproof.train.errors import UnknownRecipe
from edgeproof.train.recipe import Recipe

RECIPES = ("digits", "mnist", "cifar10", "cifar10-large", "malaria", "folder")


def recipe_named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UnknownRecipe: there is none; the nearest is suggested.
    """
    if name not in RECIPES:
        raise UnknownRecipe(name, list(RECIPES))
    module = importlib.import_module(f"edgeproof.train.recipes.{name.replace('-', '_')}")
    recipe: Recipe = module.RECIPE
    return recipe
