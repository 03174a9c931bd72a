import { IsInt, Min } from 'class-validator';

export class PayoutDto {
  /** In cents. */
  @IsInt()
  @Min(1)
  amount!: number;
}
