/** One kind of refusal: what a caller is told, and what its page in the docs says. */
export type ErrorEntry = {
  status: number;
  /** The same for every occurrence; a heading. */
  title: string;
  /** What the caller can do about it. */
  fix: string;
  /** For the page: how it comes about. */
  cause: string;
  /** For the page: a sentence as a caller gets it. */
  example: string;
};
