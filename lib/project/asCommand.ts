import { SetupError } from './setupError.ts'

/**
 * Runs what a command does, and ends the process with the exit code that it returns, 0 by default. What a person can mend,
 * bad usage included, is told in one line, with the exit code 1; everything else is thrown.
 *
 * @param isPlain which other errors are told in one line
 */
export async function asCommand(
  main: () => Promise<number | undefined>,
  isPlain: (error: Error) => boolean = () => false,
): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    const isUsage = error instanceof TypeError && 'code' in error
    if (!(error instanceof SetupError || isUsage || (error instanceof Error && isPlain(error)))) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
