import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'

/** A page of the documentation, by its path from the project's folder. */
export const pageOf = (path: string): string => readFileSync(join(projectFolder, path), 'utf8')

export const readme = pageOf('README.md')

/** The blocks of code on a page, the README by default, that are marked as of this language. */
export const blocksOf = (language: string, page = 'README.md'): string[] =>
  [...pageOf(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
