import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

/** Reads a page of the documentation. The path is relative to the project's directory. */
export const readDocument = (path: string): string => readFileSync(join(projectDirectory, path), 'utf8')

export const readme = readDocument('README.md')

/** Returns the code blocks of a language on a page, by default the README. */
export const codeBlocks = (language: string, page = 'README.md'): string[] =>
  [...readDocument(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
