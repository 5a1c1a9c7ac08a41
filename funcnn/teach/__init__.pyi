from funcnn.teach.exercises import Exercise as Exercise
from funcnn.teach.exercises import Progress as Progress
from funcnn.teach.exercises import Result as Result
from funcnn.teach.exercises import check as check
from funcnn.teach.exercises import exercise as exercise
from funcnn.teach.expectations import expect as expect
from funcnn.teach.nudges import Nudge as Nudge
from funcnn.teach.nudges import nudge as nudge
