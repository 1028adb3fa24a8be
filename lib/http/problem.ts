/** An error answer (RFC 9457). Thrown anywhere below a handler, it becomes the answer. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  /** The last part of the problem's `type`, stable. */
  readonly code: string
  /** Further members of the document, such as `errors` or `currentVersion`. */
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

  /** The answer's body. */
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
