import checks from "./04-repeated-observations.checks.js";
import { checkExercise } from "./subject.js";

checkExercise("04-repeated-observations", checks);
