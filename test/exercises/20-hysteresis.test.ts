import checks from "./20-hysteresis.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("20-hysteresis", checks);
