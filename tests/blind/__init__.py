"""The second set of docs/naming_a_mistake.md: mistakes with the names that are true of them, or with no name."""

from tests.blind.activations import ACTIVATIONS
from tests.blind.attention import ATTENTION
from tests.blind.convolution import CONVOLUTION
from tests.blind.losses import LOSSES
from tests.blind.normalisation import NORMALISATION
from tests.blind.products import PRODUCTS
from tests.blind.right import RIGHT
from tests.blind.sequences import SEQUENCES

WRONG = [*PRODUCTS, *ACTIVATIONS, *LOSSES, *NORMALISATION, *CONVOLUTION, *SEQUENCES, *ATTENTION]

__all__ = ["RIGHT", "WRONG"]
