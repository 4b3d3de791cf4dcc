"""What a model card says that no run knows: where the pictures come from, what the model is for."""

import dataclasses
from dataclasses import dataclass

from edgeproof.edge.errors import UsageError


@dataclass(frozen=True)
class Facts:
    """Of one recipe.

    Attributes:
        title: what the model does, in a few words.
        data: the data set, who published it, and what to cite.
        licence: of the pictures, some of which are in the zoo.
        split: how training and test were kept apart.
        groups: what the images come in groups of, where they do.
        first_run: of the entry that began with another run's weights, that run.
        limits: what the figures do not say, and what the model must not be used for.
    """

    title: str
    data: str
    licence: str
    split: str
    limits: tuple[str, ...]
    groups: str = "groups"
    first_run: str = ""


_CIFAR10 = Facts(
    title="photographs of ten things, 32 x 32 pixels",
    data="CIFAR-10: 60,000 photographs. A. Krizhevsky, *Learning Multiple Layers of Features from "
    "Tiny Images*, technical report, University of Toronto, 2009, "
    "<https://www.cs.toronto.edu/~kriz/cifar.html>.",
    licence="none is stated; cite the report.",
    split="The official test set stays test; validation and calibration are cut from the official "
    "training set, class by class.",
    limits=(
        "Ten things and no others: a picture of anything else gets one of these labels too.",
        "Pictures become 32 x 32 pixels, so the thing should fill them.",
        "Test pictures come from the same collection as training pictures. Photographs from "
        "elsewhere are recognised less often, and how much less was not measured.",
    ),
)

_FACTS = {
    "mnist": Facts(
        title="handwritten digits",
        data="MNIST: 70,000 digits. Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST database of "
        "handwritten digits*; Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning "
        "applied to document recognition*, Proc. IEEE 86(11), 1998.",
        licence="CC BY-SA 3.0, as usually given; attribution as above.",
        split="The official test set stays test (other writers than the training set's); "
        "validation and calibration are cut from the official training set, class by class.",
        limits=(
            "One digit in each picture, and every picture gets a digit, whatever it shows.",
            "Written in the United States before 1995: a 1 with a long upstroke or a crossed 7 is "
            "rare in it.",
        ),
    ),
    "cifar10": _CIFAR10,
    "cifar10-large": dataclasses.replace(
        _CIFAR10,
        first_run="`edgeproof train cifar10-large -o runs/cifar10-large --backend jax`, 100 "
        "epochs, 7 min of an NVIDIA H200 with 16 cores (validation 93.60 %)",
    ),
    "malaria": Facts(
        title="blood cells, infected with malaria parasites or not",
        data="Malaria cell images of the National Library of Medicine (NIH): single red blood "
        "cells, cut from photographs of thin blood smears. S. Rajaraman et al., *Pre-trained "
        "convolutional neural networks as feature extractors toward improved malaria parasite "
        "detection in thin blood smear images*, PeerJ 6:e4568, 2018.",
        licence="published for public use, without an explicit licence; cite the paper.",
        split="By slide: all cells of a slide are in one part, so the test slides, with their "
        "stain, light and patients, were never seen in training.",
        limits=(
            "**Not a medical device.** It must not decide about anybody's diagnosis or treatment.",
            "Single cells on black, cut out beforehand, from one hospital and one kind of "
            "microscope. It finds no cells in a smear, and names no species or stage.",
            "The test set holds many infected cells. A real smear holds few among thousands, and "
            "there false alarms outnumber finds at the same sensitivity and specificity.",
            "A few hundred cells of the set are known to be labelled wrongly.",
        ),
        groups="slides",
    ),
}


def facts_of(recipe: str) -> Facts:
    """What is known about the recipe's data.

    Raises:
        UsageError: nothing is.
    """
    if recipe not in _FACTS:
        raise UsageError(
            f"expected a run of {', '.join(_FACTS)} for the zoo, got one of {recipe}; say in "
            "train/zoo/facts.py where its pictures come from"
        )
    return _FACTS[recipe]
