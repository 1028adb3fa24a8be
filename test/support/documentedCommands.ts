import { readDocument } from './readme.ts'

/** What the pages leave for the reader to fill in, and what the tests fill in. */
const placeholders: [RegExp, string][] = [
  [/^… /, '--stage prod --param tokenIssuer=https://issuer.example '],
  [/--region …/, '--region eu-west-1'],
  [/https:\/\/…/g, 'https://keys.example'],
  [/\bID\b(\.\.\.)?/g, '1'],
  [/\bSTAGE\b/g, 'prod'],
  [/\bTOKEN\b/g, 'a-token'],
  [/\b(FILE|catalogue\.ndjson)$/, 'package.json'],
]

/** A command of a page: the script of package.json, and its arguments. */
export interface DocumentedCommand {
  text: string
  script: string
  args: string[]
}

/** Returns the {@link commandsIn} a page of the documentation. */
export const documentedCommands = (page: string): DocumentedCommand[] => commandsIn(readDocument(page))

/**
 * Returns each command `npm run NAME -- ARGUMENTS` of a text, in its order, with values for its placeholders: in the
 * text, in blocks of commands, and with lines that continue.
 */
export function commandsIn(text: string): DocumentedCommand[] {
  const joined = text.replace(/\\\n\s*/g, '')
  return [...joined.matchAll(/npm run (?:-s )?([\w:]+) -- ([^\n`|;)]+)/g)].map(
    ([, script = '', rest = '']) => {
      const filled = placeholders.reduce((text, [from, to]) => text.replace(from, to), rest.trim())
      return { text: `npm run ${script} -- ${rest.trim()}`, script, args: filled.split(/\s+/) }
    },
  )
}
