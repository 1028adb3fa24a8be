import { locale } from './shop.ts'

const sentences = new Intl.Segmenter(locale, { granularity: 'sentence' })
const characters = new Intl.Segmenter(locale, { granularity: 'grapheme' })

/** The most UTF-16 units that search engines and link previews show. */
const maxLength = 160

/**
 * Shortens a text to its first whole sentences, in one line of at most 160 UTF-16 units. A first sentence that is longer
 * ends after a word, with three dots. A paragraph ends a sentence, and a single line break does not.
 */
export function summarise(text: string): string {
  // What comes later does not fit anyway.
  const paragraphs = text.slice(0, 10 * maxLength).split(/\n\s*\n/)
  const lines = paragraphs.map((each) => each.replaceAll(/\s+/g, ' ').trim()).filter((each) => each !== '')
  let summary = ''
  for (const line of lines) {
    for (const { segment } of sentences.segment(line)) {
      const longer = `${summary}${segment}`
      if (longer.trimEnd().length > maxLength) return summary.trimEnd() || shorten(segment)
      summary = longer
    }
    summary = `${summary.trimEnd()} `
  }
  return summary.trimEnd()
}

/**
 * Cuts a sentence after a whole word if there is one, and else after a whole character. The dots are ASCII, because V8
 * stores a page with a single character outside Latin-1 in two bytes a character.
 */
function shorten(sentence: string): string {
  const most = maxLength - 3
  const end = sentence.lastIndexOf(' ', most)
  const cut = end > 0 ? end : (characters.segment(sentence).containing(most)?.index ?? most)
  return `${sentence.slice(0, cut).replace(/[\s,;:-]+$/, '')}...`
}
