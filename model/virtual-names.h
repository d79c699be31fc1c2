/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names of what is compiled a second time, for the virtual clock; for who calls it, too.
 */
#ifndef MODEL_VIRTUAL_NAMES_H
#define MODEL_VIRTUAL_NAMES_H

#define iommu_flushq_bytes     virtual_iommu_flushq_bytes
#define iommu_flushq_create    virtual_iommu_flushq_create
#define iommu_flushq_destroy   virtual_iommu_flushq_destroy
#define iommu_flushq_queue     virtual_iommu_flushq_queue
#define iommu_flushq_poll      virtual_iommu_flushq_poll
#define iommu_flushq_ticket    virtual_iommu_flushq_ticket
#define iommu_flushq_done      virtual_iommu_flushq_done
#define iommu_flushq_wait      virtual_iommu_flushq_wait
#define iommu_flushq_get_stats virtual_iommu_flushq_get_stats
#define iommu_flushq_validate  virtual_iommu_flushq_validate

#define iommu_strategy_describe	 virtual_iommu_strategy_describe
#define iommu_strategy_find	 virtual_iommu_strategy_find
#define iommu_strategy_bytes	 virtual_iommu_strategy_bytes
#define iommu_strategy_create	 virtual_iommu_strategy_create
#define iommu_strategy_destroy	 virtual_iommu_strategy_destroy
#define iommu_strategy_unmap	 virtual_iommu_strategy_unmap
#define iommu_strategy_done	 virtual_iommu_strategy_done
#define iommu_strategy_wait	 virtual_iommu_strategy_wait
#define iommu_strategy_poll	 virtual_iommu_strategy_poll
#define iommu_strategy_get_stats virtual_iommu_strategy_get_stats
#define iommu_strategy_validate	 virtual_iommu_strategy_validate

#define smmu_cmdq_init	       virtual_smmu_cmdq_init
#define smmu_cmdq_batch_max    virtual_smmu_cmdq_batch_max
#define smmu_cmdq_submit       virtual_smmu_cmdq_submit
#define smmu_cmdq_done	       virtual_smmu_cmdq_done
#define smmu_cmdq_wait	       virtual_smmu_cmdq_wait
#define smmu_cmdq_failed       virtual_smmu_cmdq_failed
#define smmu_cmdq_run	       virtual_smmu_cmdq_run
#define smmu_cmdq_handle_error virtual_smmu_cmdq_handle_error
#define smmu_cmdq_validate     virtual_smmu_cmdq_validate
#define smmu_cmdq_gather_ops   virtual_smmu_cmdq_gather_ops
#define smmu_cmdq_async_ops    virtual_smmu_cmdq_async_ops

#define smmu_tlbi_series virtual_smmu_tlbi_series
#define smmu_atc_next	 virtual_smmu_atc_next
#define smmu_atc_cover	 virtual_smmu_atc_cover

#define pt_rounds_bytes	    virtual_pt_rounds_bytes
#define pt_rounds_create    virtual_pt_rounds_create
#define pt_rounds_destroy   virtual_pt_rounds_destroy
#define pt_rounds_unmap	    virtual_pt_rounds_unmap
#define pt_rounds_done	    virtual_pt_rounds_done
#define pt_rounds_wait	    virtual_pt_rounds_wait
#define pt_rounds_poll	    virtual_pt_rounds_poll
#define pt_rounds_get_stats virtual_pt_rounds_get_stats
#define pt_rounds_are_good  virtual_pt_rounds_are_good

#define pt_adaptive_init     virtual_pt_adaptive_init
#define pt_adaptive_is_due   virtual_pt_adaptive_is_due
#define pt_adaptive_counts   virtual_pt_adaptive_counts
#define pt_adaptive_count    virtual_pt_adaptive_count
#define pt_adaptive_begin    virtual_pt_adaptive_begin
#define pt_adaptive_measures virtual_pt_adaptive_measures
#define pt_adaptive_learn    virtual_pt_adaptive_learn
#define pt_adaptive_limit    virtual_pt_adaptive_limit
#define pt_adaptive_saw	     virtual_pt_adaptive_saw

#endif /* MODEL_VIRTUAL_NAMES_H */
