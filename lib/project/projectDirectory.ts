import { fileURLToPath } from 'node:url'

/** The absolute path of the project's own directory, which contains serverless.yml. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))
