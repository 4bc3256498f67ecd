/** Tells the user something that needs no action: a retry, a reconnect, an unknown asset. */
export type Notify = (notice: string) => void;
