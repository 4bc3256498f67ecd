/** The folders of the stack. */
export interface Places {
  /** The project's root. */
  root: string;
  /** What the setup scripts installed: `.lab` in the root. */
  installed: string;
  /** Settings with the placeholders filled in, one folder per component. */
  settings: string;
  data: string;
  logs: string;
  /** Certificates and passwords of `up --secure`; only for the user. */
  secure: string;
  /** Records of started processes. */
  run: string;
}
