/**
 * An error that a person can act on: its message says what was expected, what was found and what to
 * do next. Scripts print the message alone; any other error is a defect of the lab.
 */
export class LabError extends Error {
  override name = "LabError";
  /** The exit code of a script that ends with this error: 1 failed, 2 wrong usage. */
  readonly exitCode: 1 | 2 = 1;
}

/** A wrong option or argument. Scripts end with exit code 2. */
export class UsageError extends LabError {
  override name = "UsageError";
  override readonly exitCode = 2;
}

/** That a file or folder does not exist. */
export class NotFoundError extends LabError {
  override name = "NotFoundError";
}

const MEANINGS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it would be larger than a file may be here",
  EIO: "the disk reports an error",
  ENOENT: "it does not exist",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  ENOTFOUND: "no host has this name, or there is no internet here",
  EAI_AGAIN: "the host's name cannot be looked up: there is no internet here",
  EEXIST: "something else of that name is in the way",
};

const REMEDIES: Record<string, string> = {
  ENOSPC: "free some space, and the same command continues",
  EDQUOT: "free some space, and the same command continues",
  EFBIG: "raise the limit (ulimit -f), and the same command continues",
  EIO: "check the disk (dmesg), or choose another --out",
};

/** The operating system's error code (`ENOENT`, `ENOSPC`, …) of an error, if it has one. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** What any thrown value says, in one line. Some packages (parquetjs-lite) throw strings. */
export function errorMessage(error: unknown): string {
  const code = errorCode(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  if (meaning !== undefined) return meaning;
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong with a file of this machine and, where the disk is to blame, what to do about it. */
export function diskErrorMessage(error: unknown): string {
  const remedy = REMEDIES[errorCode(error) ?? ""];
  return remedy === undefined ? errorMessage(error) : `${errorMessage(error)}: ${remedy}`;
}
