"""Schedules: functions from the step to the learning rate; `plateaus` has the one that looks at the cost."""
