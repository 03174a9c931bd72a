import type { Word } from './word';
export declare const auditWord: Word;
