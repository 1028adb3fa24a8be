/**
 * Follows how many bytes of the input belong to rows that are finished. The bytes of a chunk count in equal parts, each
 * once its row is finished, so what was read ahead of the writes does not count.
 */
export class Position {
  #read = 0
  #shared = 0

  /** Counts bytes of the input whose rows come next. */
  add(bytes: number): void {
    this.#read += bytes
  }

  /** Returns how many bytes each of the next rows stands for. Without rows, the bytes are left to the rows after them. */
  share(rows: number): number {
    if (rows === 0) return 0
    const bytes = (this.#read - this.#shared) / rows
    this.#shared = this.#read
    return bytes
  }

  /** The bytes of the input that were read. */
  get read(): number {
    return this.#read
  }
}
