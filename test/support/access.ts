import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectFolder } from '../../lib/project/folder.ts'

/** The catalog's user as the template makes it, with a password instead of IAM. */
export const user = { name: 'aisle', password: 'aisle-password' }
/** Everybody else has to give this one, and may do everything: only the test itself does. */
export const adminPassword = 'admin-password'

/** Settings of a Redis that lets the catalog's user do what resources/cacheAccess.yml says, on the keys of `prefix`. */
export function accessArgs(prefix: string): string[] {
  const rules: string[] = parse(readFileSync(join(projectFolder, 'resources/cacheAccess.yml'), 'utf8'))[
    'Fn::Join'
  ][1]
  return [
    ...['--user', user.name, `>${user.password}`],
    ...rules.map((rule) => rule.replace('${self:service}-${sls:stage}', prefix)),
    ...['--requirepass', adminPassword, '--masterauth', adminPassword],
  ]
}
