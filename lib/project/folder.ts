import { fileURLToPath } from 'node:url'

/** The project's own folder, the one with serverless.yml. */
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url))
