import { SetupError } from '../project/setupError.ts'
import { answersHttp } from './servers/dynamodbServer.ts'

/** How long the database may take to answer, in ms: long enough for a machine that is busy, for example with tests. */
const timeoutMs = 10_000

/**
 * Waits until the local database answers. If nothing listens at its port, the wait ends at once, else after 10 s.
 *
 * @param alternative what else the user can do besides `npm start`
 * @throws {SetupError} that names the address and the remedy
 */
export async function requireDatabase(endpoint: string, alternative: string): Promise<void> {
  if (!(await answersHttp(endpoint, timeoutMs)))
    throw new SetupError(
      `No database answers at ${endpoint}: run npm start in another terminal, ${alternative}`,
    )
}
