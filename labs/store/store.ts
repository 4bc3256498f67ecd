/** The content of a file to write: as a whole, or as a stream of pieces. */
export type Content = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/**
 * A tree of files for output. A file appears complete or not at all. Paths are relative to the store's root and use `/`.
 */
export interface Store {
  /** The root as shown to the user: a folder or a URL. */
  readonly root: string;
  /** Creates a folder and its parent folders. */
  makeFolder(path: string): Promise<void>;
  /** Writes a file and creates its parent folders. Atomic: writes to a temporary file and renames it, replacing an existing one. */
  write(path: string, content: Content): Promise<void>;
  /** Reads a file. @throws NotFoundError if it does not exist */
  read(path: string): Promise<Buffer>;
  /** The sorted names in a folder, without files being written; empty if the folder is missing. */
  list(path: string): Promise<string[]>;
  /** Removes a file, or a folder with its contents; does nothing if it is missing. */
  remove(path: string): Promise<void>;
}
