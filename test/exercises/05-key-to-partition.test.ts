import checks from "./05-key-to-partition.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("05-key-to-partition", checks);
