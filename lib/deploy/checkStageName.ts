import { SetupError } from '../project/setupError.ts'

/**
 * Checks the name of a deployed stage. The names of the stack's functions, tables and roles contain it.
 *
 * @param insteadOfLocal what to do instead of using the stage `local`, which is this machine
 * @throws {SetupError} that states which names are valid
 */
export function checkStageName(stage: string, insteadOfLocal: string): void {
  if (stage === 'local') throw new SetupError(`The stage local is this machine: ${insteadOfLocal}`)
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(stage))
    throw new SetupError(
      `--stage ${stage} is not the name of a stage: use up to 15 lowercase letters, digits and hyphens, with a letter first`,
    )
}
