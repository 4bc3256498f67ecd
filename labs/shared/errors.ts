/**
 * An error that the user can act on: its message says what was expected, what was found and what to do next. Scripts print
 * only the message; any other error is a bug.
 */
export class LabError extends Error {
  override name = "LabError";
  /** The exit code of a script that ends with this error: 1 failed, 2 usage error. */
  readonly exitCode: 1 | 2 = 1;
}

/** An invalid option or argument. Scripts end with exit code 2. */
export class UsageError extends LabError {
  override name = "UsageError";
  override readonly exitCode = 2;

  /** @param isInHelp whether `--help` explains what is valid; scripts then point to it */
  constructor(
    message: string,
    readonly isInHelp = true,
  ) {
    super(message);
  }
}

/** A file or folder does not exist. */
export class NotFoundError extends LabError {
  override name = "NotFoundError";
}

const MEANINGS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would exceed the size limit",
  EIO: "the disk reports an input/output error",
  ENOENT: "it does not exist",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  ENOTFOUND: "the host name does not exist, or there is no internet connection",
  EAI_AGAIN: "the host name cannot be resolved: there is no internet connection",
  EEXIST: "a file of that name exists",
};

const REMEDIES: Record<string, string> = {
  ENOSPC: "free some space, then run the same command again to continue",
  EDQUOT: "free some space, then run the same command again to continue",
  EFBIG: "raise the limit (ulimit -f), then run the same command again to continue",
  EIO: "check the disk (dmesg), or choose another --out",
};

/** The operating system's error code (`ENOENT`, `ENOSPC`, …) of an error, if it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The message of any thrown value. Some packages (parquetjs-lite) throw strings. */
export function errorMessage(error: unknown): string {
  const code = errorCode(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  if (meaning !== undefined) return meaning;
  return error instanceof Error ? error.message : String(error);
}

/** The message of an error of a local file and, if the disk is the cause, what to do about it. */
export function diskErrorMessage(error: unknown): string {
  const remedy = REMEDIES[errorCode(error) ?? ""];
  return remedy === undefined ? errorMessage(error) : `${errorMessage(error)}: ${remedy}`;
}
