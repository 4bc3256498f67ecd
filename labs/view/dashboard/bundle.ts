import { join } from "node:path";

/**
 * Bundles the script of the live page for browsers: app.js and the TypeScript modules that it imports, in one file.
 * esbuild is loaded only when a page is first opened.
 */
export async function bundlePage(root: string): Promise<string> {
  const { build, stop } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [join(root, "labs/view/dashboard/page/app.js")],
      bundle: true,
      format: "esm",
      target: "es2022",
      charset: "utf8",
      write: false,
      logLevel: "silent", // errors are thrown
    });
    return outputFiles[0]!.text;
  } finally {
    await stop(); // esbuild runs in a separate process
  }
}
