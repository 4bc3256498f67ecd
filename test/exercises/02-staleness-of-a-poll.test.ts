import checks from "./02-staleness-of-a-poll.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("02-staleness-of-a-poll", checks);
