from funcnn.teach.nudges import Nudge as Nudge
from funcnn.teach.nudges import nudge as nudge
