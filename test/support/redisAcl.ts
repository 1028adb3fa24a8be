import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { projectDirectory } from '../../lib/project/projectDirectory.ts'

/** The catalogue's user as the template creates it, with a password instead of IAM. */
export const user = { name: 'aisle', password: 'aisle-password' }
/** The password of the default user, who may run every command. Only the test itself uses it. */
export const adminPassword = 'admin-password'

/** Returns Redis settings that allow the catalogue's user what resources/cacheAccess.yml allows, on the keys of `prefix`. */
export function aclArgs(prefix: string): string[] {
  const rules: string[] = parse(readFileSync(join(projectDirectory, 'resources/cacheAccess.yml'), 'utf8'))[
    'Fn::Join'
  ][1]
  return [
    ...['--user', user.name, `>${user.password}`],
    ...rules.map((rule) => rule.replace('${self:service}-${sls:stage}', prefix)),
    ...['--requirepass', adminPassword, '--masterauth', adminPassword],
  ]
}
