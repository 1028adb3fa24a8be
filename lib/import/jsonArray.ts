import { Tokenizer, TokenParser, TokenType } from '@streamparser/json'
import { type Row, rowLimit, tooLarge, UnreadableFile } from './row.ts'

/** No product nests deeper; a file that does would only exhaust the stack of whoever looks at it. */
const depthLimit = 64

/** A single string or number that grows beyond this cannot be skipped, since the tokenizer keeps it until it ends. */
const tokenLimit = 8 * rowLimit

/**
 * The elements of a JSON array, one at a time. Where the JSON itself is malformed nothing can be said of what follows.
 *
 * @throws {UnreadableFile} naming the line where the JSON is malformed
 */
export async function* readJsonArray(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  let line = 1
  let fed = 0
  const elements = new Elements(() => line)
  const at = (error: unknown) =>
    new UnreadableFile(
      `Malformed JSON on line ${line}, nothing after it was read: ${(error as Error).message.replace(/ (in state|at chunk position) .*/s, '')}`,
    )
  for await (const chunk of chunks) {
    // Fed line by line, so that the line of every token and of every fault is known.
    for (let from = 0; from < chunk.length; ) {
      const newline = chunk.indexOf(10, from)
      const to = newline < 0 ? chunk.length : newline + 1
      try {
        elements.tokenizer.write(chunk.subarray(from, to))
      } catch (error) {
        yield elements.taken()
        throw at(error)
      }
      fed += to - from
      if (fed - elements.lastToken > tokenLimit)
        throw new UnreadableFile(`A single text on line ${line} is larger than 8 MiB`)
      from = to
      if (newline >= 0) line++
    }
    yield elements.taken()
  }
  try {
    elements.end()
  } catch (error) {
    throw at(error)
  }
}

/** Takes the tokens of an array and keeps its finished elements until they are fetched. */
class Elements {
  readonly tokenizer = new Tokenizer({ separator: '' })
  /** Where the last token began, in bytes. */
  lastToken = 0
  #rows: Row[] = []
  #state: 'before' | 'first' | 'element' | 'comma' | 'after' = 'before'
  #depth = 0
  #start = { line: 0, offset: 0 }
  /** Builds the element that is being read; undefined while one is skipped. */
  #parser: TokenParser | undefined
  #line: () => number

  constructor(line: () => number) {
    this.#line = line
    this.tokenizer.onError = (error) => {
      throw error
    }
    this.tokenizer.onToken = (token) => this.#take(token)
  }

  taken(): Row[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  end(): void {
    if (!this.tokenizer.isEnded) this.tokenizer.end()
    if (this.#state !== 'after') throw new Error('the array is not closed')
  }

  #take(info: { token: TokenType; value: unknown; offset: number }): void {
    const { token, offset } = info
    this.lastToken = offset
    if (this.#depth > 0) {
      this.#continue(info)
      return
    }
    switch (this.#state) {
      case 'before':
        this.#state = 'first'
        return
      case 'first':
        if (token === TokenType.RIGHT_BRACKET) {
          this.#state = 'after'
          return
        }
        this.#begin(info)
        return
      case 'element':
        this.#begin(info)
        return
      case 'comma':
        if (token === TokenType.COMMA) this.#state = 'element'
        else if (token === TokenType.RIGHT_BRACKET) this.#state = 'after'
        else throw new Error('expected , or ] after an element')
        return
      default:
        throw new Error('text after the end of the array')
    }
  }

  #begin(info: { token: TokenType; value: unknown; offset: number }): void {
    this.#start = { line: this.#line(), offset: info.offset }
    this.#parser = new TokenParser({ keepStack: true })
    this.#parser.onError = (error) => {
      throw error
    }
    this.#parser.onValue = ({ value, stack }) => {
      if (stack.length === 0) this.#rows.push({ line: this.#start.line, value })
    }
    this.#state = 'comma'
    this.#continue(info)
  }

  #continue(info: { token: TokenType; value: unknown; offset: number }): void {
    const { token, offset } = info
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#depth++
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#depth--
    if (this.#parser && offset - this.#start.offset > rowLimit) this.#skip(tooLarge)
    if (this.#parser && this.#depth > depthLimit) this.#skip('The row nests too deeply')
    this.#parser?.write(info as Parameters<TokenParser['write']>[0])
  }

  #skip(fault: string): void {
    this.#parser = undefined
    this.#rows.push({ line: this.#start.line, value: undefined, fault })
  }
}
