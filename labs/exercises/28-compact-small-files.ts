import { notDone } from "./not-done.js";
import axios from "axios";

/**
 * Merges the small files of a table on HDFS into one file, through WebHDFS.
 *
 * A table is a folder with versions: subfolders `v1`, `v2`, `v10` and so on, which contain files of JSON lines. Readers list
 * the folder, take the version with the highest number, and read all files in it, sorted by name. They do so at any time, also
 * while `compact` runs, and must always find every row exactly once. Names that are not `v` and a number do not concern readers.
 *
 * When the promise resolves, the folder contains one version and nothing else, and this version contains one file. Its rows are
 * those of the files before, in the order of the files' names. If the newest version has one file only, it stays as it is.
 * The last line of a file may lack its line break: then add it. The table has at least one version with at least one file.
 *
 * The process may be killed at any moment, and any request may fail. If a request fails, reject without repeating it. The promise
 * of the next call must resolve with the same result, whatever the call before has left behind.
 *
 * WebHDFS: `LISTSTATUS`, `OPEN`, `CREATE` (with `overwrite=true`), `RENAME`, `DELETE` (with `recursive=true`). A rename of a
 * folder is atomic. `RENAME` reports a failure as status 200 with `{"boolean":false}`.
 *
 * @param webhdfs the URL of HDFS, `http://host:port/webhdfs/v1`; paths follow it
 * @param user send it with each request as the parameter `user.name`
 * @param folder the table's path, such as `/prices`
 */
export async function compact(webhdfs: string, user: string, folder: string): Promise<void> {
  // TODO
  return notDone(webhdfs, user, folder, axios);
}
