import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';

export class ChargeDto {
  /** In cents. */
  @IsInt()
  @Min(50)
  amount!: number;

  /** How many charges of that amount. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  times: number = 1;

  /** Whether to collect the money at once; if not, `capture` does it later. */
  @IsOptional()
  @IsBoolean()
  capture: boolean = true;
}
