from tests.teach.test_exercises import elsewhere
