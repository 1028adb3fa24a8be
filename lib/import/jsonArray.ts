import { Tokenizer, TokenParser, TokenType } from '@streamparser/json'
import { maxRowBytes, type Row, rowTooLarge, UnreadableFile } from './row.ts'

/** No product nests deeper. A deeper value could exhaust the stack of the code that reads it. */
const maxDepth = 64

/** The tokenizer buffers a string or number until it ends, so a token larger than this cannot be skipped. */
const maxTokenBytes = 8 * maxRowBytes

type Token = { token: TokenType; value: unknown; offset: number }

/**
 * Reads the elements of a JSON array, one at a time. Nothing after malformed JSON can be read.
 *
 * @throws {UnreadableFile} that names the line on which the JSON is malformed
 */
export async function* readJsonArray(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Row[]> {
  let line = 1
  let bytesRead = 0
  const elements = new ElementParser(() => line)
  const malformed = (error: unknown) => {
    const message = (error as Error).message.replace(/ (in state|at chunk position) .*/s, '')
    return new UnreadableFile(`Malformed JSON on line ${line}: ${message}. Nothing after it was read`)
  }
  for await (const chunk of chunks) {
    // Written line by line, so that the line of each token and of each fault is known.
    for (let from = 0; from < chunk.length; ) {
      const newline = chunk.indexOf(10, from)
      const to = newline < 0 ? chunk.length : newline + 1
      try {
        elements.tokenizer.write(chunk.subarray(from, to))
      } catch (error) {
        yield elements.takeRows()
        throw malformed(error)
      }
      bytesRead += to - from
      if (bytesRead - elements.lastTokenOffset > maxTokenBytes)
        throw new UnreadableFile(`A single string or number on line ${line} is larger than 8 MiB`)
      from = to
      if (newline >= 0) line++
    }
    yield elements.takeRows()
  }
  try {
    elements.end()
  } catch (error) {
    throw malformed(error)
  }
}

/** Parses the tokens of an array and collects its finished elements. */
class ElementParser {
  readonly tokenizer = new Tokenizer({ separator: '' })
  /** The byte offset at which the last token began. */
  lastTokenOffset = 0
  #rows: Row[] = []
  #state: 'before' | 'first' | 'element' | 'comma' | 'after' = 'before'
  #depth = 0
  #start = { line: 0, offset: 0 }
  /** Builds the current element; undefined while an element is skipped. */
  #parser: TokenParser | undefined
  #getLine: () => number

  constructor(getLine: () => number) {
    this.#getLine = getLine
    this.tokenizer.onError = (error) => {
      throw error
    }
    this.tokenizer.onToken = (token) => this.#add(token)
  }

  /** Returns the elements that were finished since the last call. */
  takeRows(): Row[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  end(): void {
    if (!this.tokenizer.isEnded) this.tokenizer.end()
    if (this.#state !== 'after') throw new Error('the array is not closed')
  }

  #add(info: Token): void {
    const { token, offset } = info
    this.lastTokenOffset = offset
    if (this.#depth > 0) {
      this.#continueElement(info)
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
        this.#beginElement(info)
        return
      case 'element':
        this.#beginElement(info)
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

  #beginElement(info: Token): void {
    this.#start = { line: this.#getLine(), offset: info.offset }
    this.#parser = new TokenParser({ keepStack: true })
    this.#parser.onError = (error) => {
      throw error
    }
    this.#parser.onValue = ({ value, stack }) => {
      if (stack.length === 0) this.#rows.push({ line: this.#start.line, value })
    }
    this.#state = 'comma'
    this.#continueElement(info)
  }

  #continueElement(info: Token): void {
    const { token, offset } = info
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#depth++
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#depth--
    if (this.#parser && offset - this.#start.offset > maxRowBytes) this.#skip(rowTooLarge)
    if (this.#parser && this.#depth > maxDepth)
      this.#skip(`The row is nested more than ${maxDepth} levels deep`)
    this.#parser?.write(info as Parameters<TokenParser['write']>[0])
  }

  #skip(fault: string): void {
    this.#parser = undefined
    this.#rows.push({ line: this.#start.line, value: undefined, fault })
  }
}
