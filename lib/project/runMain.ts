import { SetupError } from './setupError.ts'

/**
 * Runs the main function of a command and sets the exit code of the process to what it returns, 0 by default. Prints an
 * error that the user can fix, such as a {@link SetupError} or wrong usage, as one line and sets the exit code to 1.
 * Throws every other error.
 *
 * @param isPlain whether to print another error as one line, too
 */
export async function runMain(
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
