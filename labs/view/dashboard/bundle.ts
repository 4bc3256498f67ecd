import { join } from "node:path";

/**
 * The script of the live page for a browser: app.js with the TypeScript modules that it imports, in one file. esbuild is
 * loaded here, when the first page is opened, and costs a run without a page nothing.
 *
 * @param root the project's root
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
    await stop(); // esbuild works in a process of its own
  }
}
