/** The key beside the page's name. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <circle cx="12.5" cy="16" r="5" />
      <path d="M17.500 16H27m-3.500 0v4.500" />
    </svg>
  );
}
