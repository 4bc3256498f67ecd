/** What a file is written from: all at once, or piece by piece from a stream. */
export type Content = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/**
 * Where output lives: a tree of files that appear whole or not at all. Paths are relative to the
 * store's root and use `/`.
 */
export interface Store {
  /** What a person calls it: a folder or a URL. */
  readonly root: string;
  /** Creates a folder, and those above it. */
  makeFolder(path: string): Promise<void>;
  /** Writes a file whole, and the folders above it, replacing one of that name: it is written aside and then renamed. */
  write(path: string, content: Content): Promise<void>;
  /** The content of a file. @throws LabError if there is none */
  read(path: string): Promise<Buffer>;
  /** The names in a folder, sorted; none where the folder is missing. Files being written are not among them. */
  list(path: string): Promise<string[]>;
  /** Removes a file, or a folder and all in it; nothing where it is missing. */
  remove(path: string): Promise<void>;
}
