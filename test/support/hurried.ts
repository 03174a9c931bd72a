/** Waits for what a store would write with other work, while it is told again and again to write now. */
export async function hurried<T>(store: { hurry(): void }, work: Promise<T>): Promise<T> {
  const timer = setInterval(() => store.hurry(), 1);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
