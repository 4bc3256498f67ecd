import checks from "./15-row-groups-to-read.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("15-row-groups-to-read", checks);
