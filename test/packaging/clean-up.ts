import { rm } from 'node:fs/promises';
import { workbench } from './workbench';

export default async function cleanUp(): Promise<void> {
  await rm(workbench(), { recursive: true, force: true });
}
