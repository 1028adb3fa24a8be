/** An error response (RFC 9457). A handler that throws one responds with it. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  /** The last part of the problem's `type`. It never changes. */
  readonly code: string
  /** Extension members of the document, such as `errors` or `currentVersion`. */
  readonly members: Record<string, unknown>
  readonly headers: Record<string, string>

  constructor(
    status: number,
    code: string,
    detail: string,
    {
      members = {},
      headers = {},
    }: { members?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.members = members
    this.headers = headers
  }

  /** Returns the problem document. */
  toJSON() {
    return {
      type: `urn:aisle:problem:${this.code}`,
      title: titles[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      ...this.members,
    }
  }
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
