import checks from "./01-parse-an-event.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("01-parse-an-event", checks);
