import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../../lib/project/folder.ts'

export const readme = readFileSync(join(projectFolder, 'README.md'), 'utf8')

/** The blocks of code in the README that are marked as of this language. */
export const blocksOf = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
