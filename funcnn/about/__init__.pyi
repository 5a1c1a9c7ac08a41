from funcnn.about.card import Card as Card
from funcnn.about.table import card_of as card_of
from funcnn.about.table import cards as cards
from funcnn.about.table import register as register
