"use strict";
// danfojs-node depends on @tensorflow/tfjs-node, whose install script downloads a native library. DataFrames
// need only tensors and arithmetic, so this package replaces it with the same functions in plain
// JavaScript: the core, its CPU backend, the data API, and the chained operations.
const { readdirSync } = require("node:fs");
const path = require("node:path");
const core = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const data = require("@tensorflow/tfjs-data");

// A chained operation is `tensor.add(other)` for `add(tensor, other)`. The core has a file for each of them, which
// Node cannot load, so this code takes only the names from the files and defines the methods itself.
const { prototype } = core.Tensor;
const folder = path.join(
  path.dirname(require.resolve("@tensorflow/tfjs-core/package.json")),
  "dist/public/chained_ops",
);
for (const file of readdirSync(folder)) {
  const [, stem] = /^([a-zA-Z0-9_]+)\.js$/.exec(file) ?? [];
  if (stem === undefined) continue;
  const name = stem.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  const operation = core[name] ?? core.image[name] ?? core.spectral[name];
  if (typeof operation !== "function") continue;
  prototype[name] = function (...rest) {
    return operation(this, ...rest);
  };
}
// Chained operations whose arguments differ from those of the function.
const withTensorList = (name) =>
  function (others, axis) {
    return core[name]([this, ...(Array.isArray(others) ? others : [others])], axis);
  };
Object.assign(prototype, {
  batchNorm(...rest) {
    return core.batchNorm(this, ...rest);
  },
  concat: withTensorList("concat"),
  stack: withTensorList("stack"),
  asScalar() {
    return core.reshape(this, []);
  },
  asType(type) {
    return core.cast(this, type);
  },
  as1D() {
    return core.reshape(this, [this.size]);
  },
  flatten() {
    return core.reshape(this, [this.size]);
  },
  where(condition, other) {
    return core.where(condition, this, other);
  },
  toBool() {
    return core.cast(this, "bool");
  },
  toFloat() {
    return core.cast(this, "float32");
  },
  toInt() {
    return core.cast(this, "int32");
  },
  batchToSpaceND(...rest) {
    return core.batchToSpaceND(this, ...rest);
  },
  spaceToBatchND(...rest) {
    return core.spaceToBatchND(this, ...rest);
  },
  reshapeAs(other) {
    return core.reshape(this, other.shape);
  },
  as2D: asShape,
  as3D: asShape,
  as4D: asShape,
  as5D: asShape,
});
function asShape(...shape) {
  return core.reshape(this, shape);
}

module.exports = { ...core, data };
